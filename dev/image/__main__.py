"""`python -m dev.image`: build the images and run them, as root."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from dev.image.build import Image, build
from dev.image.buildah import Buildah, ImageError, missing
from dev.image.sandbox import command_in

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)

ImageArgument = Annotated[Image, typer.Argument(help="Which image.")]


@app.command("build")
def build_image(
    image: ImageArgument,
    build_arg: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="An argument of the Dockerfile; repeat for several.")
    ] = None,
) -> None:
    """Build an image on a Debian base of debootstrap's, and tell how large it is."""
    buildah = _buildah()
    arguments = dict(argument.split("=", 1) for argument in build_arg or ())
    name = build(image, buildah, arguments=arguments)
    with buildah.mounted(name) as root:
        files, size = _measure(root)
    print(f"image: {name} has {files} files of {size / 1e6:.0f} MB")


@app.command("run", context_settings={"ignore_unknown_options": True})
def run_image(
    image: ImageArgument,
    arguments: Annotated[list[str] | None, typer.Argument(help="Instead of the image's own, after `--`.")] = None,
) -> None:
    """Run a built image: by its user's number, nothing writable but /tmp."""
    buildah = _buildah()
    name = f"localhost/{image}:dev"
    config = buildah.config(name)
    with buildah.mounted(name) as root:
        command = [*config.entrypoint, *(arguments or config.arguments)]
        code = subprocess.run(command_in(root, config, command), check=False).returncode
    raise typer.Exit(code)


def _buildah() -> Buildah:
    if problems := missing():
        raise ImageError(" ".join(problems))
    return Buildah()


def _measure(root: Path) -> tuple[int, int]:
    """Return the number of files, and their bytes."""
    files = [Path(folder) / name for folder, _, names in os.walk(root) for name in names]
    return len(files), sum(path.lstat().st_size for path in files)


def main() -> None:
    """Run the command line; problems that a person can mend are a sentence and exit code 1."""
    try:
        app()
    except ImageError as problem:
        sys.exit(f"error: {problem}")


if __name__ == "__main__":
    main()
