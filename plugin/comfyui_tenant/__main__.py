"""`python -m comfyui_tenant adopt|leave|remove|import-funart` shows what it would do, `--yes` does it; `inspect` only looks."""

from __future__ import annotations

import argparse
import json
import os
import sys

from . import migrate
from .migrate import MigrationError, Places, Plan
from .settings import VARIABLE, SettingsError, read_settings

USAGE, UNAVAILABLE, UNFIT = 64, 69, 78
_SHOWN = 10


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m comfyui_tenant",
        description="Moves files into and out of users' folders. Stop ComfyUI first. Nothing changes without --yes.",
    )
    parser.add_argument("--base", default=os.getcwd(), help="ComfyUI's base directory, which contains input, output and user")
    parser.add_argument(
        "--tenants",
        help=f"the users' folders; default: tenantsDir in the settings file that {VARIABLE} names, or <base>/tenants",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("adopt", "move a single-user ComfyUI's files into a user's folders"),
        ("leave", "move a user's files back to a single-user ComfyUI"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--user", required=True)
        command.add_argument("--copy", action="store_true", help="copy instead of moving")
    remove = commands.add_parser("remove", help="archive or delete all files of a user")
    remove.add_argument("--user", required=True)
    how = remove.add_mutually_exclusive_group()
    how.add_argument("--archive", metavar="FILE", help="write a .tar.gz before deleting")
    how.add_argument("--keep", action="store_true", help="only show the sizes")
    funart = commands.add_parser("import-funart", help="copy FunArt's folders users/<id>")
    funart.add_argument("folder", help="FunArt's folder `users`")
    funart.add_argument("--move", action="store_true", help="move instead of copying")
    for command in commands.choices.values():
        command.add_argument("--yes", action="store_true", help="make the changes")
    look = commands.add_parser("inspect", help="whether a ComfyUI that is not running fits the plugin")
    look.add_argument("folder", help="the folder with ComfyUI's main.py")
    look.add_argument("--json", action="store_true", help="print one JSON document")
    return parser


def _places(args: argparse.Namespace) -> Places:
    base = os.path.abspath(args.base)
    if not os.path.isdir(os.path.join(base, "user")):
        raise MigrationError(f"--base {base}: has no folder `user`; use ComfyUI's base directory")
    tenants = args.tenants or read_settings(os.environ.get(VARIABLE)).tenants_dir or os.path.join(base, "tenants")
    return Places(base, os.path.abspath(tenants))


def _carry_out(plan: Plan, args: argparse.Namespace, copy: bool, title: str) -> None:
    print(f"{title}: {len(plan.steps)} files, {plan.bytes} bytes to {'copy' if copy else 'move'}")
    for source, target in plan.steps[:_SHOWN]:
        print(f"  {source} -> {target}")
    if len(plan.steps) > _SHOWN:
        print(f"  and {len(plan.steps) - _SHOWN} more")
    for source, target in plan.kept:
        print(f"  kept: {source} ({target} exists)")
    for link in plan.links:
        print(f"  kept: {link} (a link)")
    if args.yes:
        plan.carry_out(copy)
        print("  done")


def _adopt(args: argparse.Namespace, places: Places) -> None:
    _carry_out(migrate.adoption(places, args.user), args, args.copy, f"to {args.user}")


def _leave(args: argparse.Namespace, places: Places) -> None:
    _carry_out(migrate.leaving(places, args.user), args, args.copy, f"from {args.user}")


def _import_funart(args: argparse.Namespace, places: Places) -> None:
    for user, plan in migrate.funart_import(places, args.folder).items():
        _carry_out(plan, args, not args.move, f"to {user}")


def _remove(args: argparse.Namespace, places: Places) -> None:
    owned = migrate.owned(places, args.user)
    for folder, size in owned:
        print(f"{folder}: {size} bytes")
    if not owned:
        print(f"{args.user} has no files")
    elif args.yes and not args.keep:
        if args.archive:
            migrate.archive(places, args.user, args.archive)
            print(f"archived to {args.archive}")
        migrate.delete(places, args.user)
        print("deleted")


_COMMANDS = {"adopt": _adopt, "leave": _leave, "remove": _remove, "import-funart": _import_funart}


def _inspect(folder: str, as_json: bool) -> int:
    from .comfyui_source import NoComfyui
    from .source_inspection import fits, inspect, lines_of

    try:
        found = inspect(os.path.abspath(folder))
    except NoComfyui as error:
        print(error, file=sys.stderr)
        return USAGE
    print(json.dumps({**found, "fits": fits(found)}, indent=2) if as_json else "\n".join(lines_of(found)))
    return 0 if fits(found) else UNFIT


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    if args.command == "inspect":
        return _inspect(args.folder, args.json)
    try:
        _COMMANDS[args.command](args, _places(args))
    except (MigrationError, SettingsError) as error:
        print(error, file=sys.stderr)
        return USAGE
    except OSError as error:
        print(f"{error}: free disk space or fix the permissions, then run this again", file=sys.stderr)
        return UNAVAILABLE
    if not args.yes and not getattr(args, "keep", False):
        print("nothing was changed: add --yes to make the changes", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
