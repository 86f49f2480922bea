"""The sample: spoken sentences, served as a feed that yt-dlp reads as a playlist."""
