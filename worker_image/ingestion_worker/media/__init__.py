"""From a media file to windows of speech."""
