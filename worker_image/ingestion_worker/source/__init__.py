"""Where videos come from: yt-dlp, its failures, and captions."""
