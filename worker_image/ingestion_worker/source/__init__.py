"""Where videos come from: web sites by way of yt-dlp, files by way of fsspec; their failures, and captions."""
