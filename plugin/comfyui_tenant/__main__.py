"""`python -m comfyui_tenant adopt|leave|remove|import-funart`: says what it would do; `--yes` does it."""

from __future__ import annotations

import argparse
import os
import sys

from . import migrate
from .migrate import MigrationError, Places, Plan
from .settings import VARIABLE, SettingsFault, read_settings

USAGE, UNAVAILABLE = 64, 69
_SHOWN = 10


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m comfyui_tenant",
        description="Moves files into and out of users' folders. Stop ComfyUI first. Without --yes nothing is changed.",
    )
    parser.add_argument("--base", default=os.getcwd(), help="ComfyUI's base directory: the one with input, output and user")
    parser.add_argument("--tenants", help=f"the users' folders, when {VARIABLE} does not name the settings that say it")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("adopt", "gives the files of a ComfyUI for one to a user"), ("leave", "gives a user's files back")):
        command = commands.add_parser(name, help=text)
        command.add_argument("--user", required=True)
        command.add_argument("--copy", action="store_true", help="leave the originals where they are")
    remove = commands.add_parser("remove", help="archives or deletes all that a user has")
    remove.add_argument("--user", required=True)
    how = remove.add_mutually_exclusive_group()
    how.add_argument("--archive", metavar="FILE", help="write a .tar.gz first, then delete")
    how.add_argument("--keep", action="store_true", help="only say how much there is")
    funart = commands.add_parser("import-funart", help="takes the folders that FunArt keeps as users/<id>")
    funart.add_argument("folder", help="the folder `users`")
    funart.add_argument("--move", action="store_true", help="take the originals away")
    for command in commands.choices.values():
        command.add_argument("--yes", action="store_true", help="do it")
    return parser


def _places(args: argparse.Namespace) -> Places:
    base = os.path.abspath(args.base)
    if not os.path.isdir(os.path.join(base, "user")):
        raise MigrationError(f"--base {base}: holds no folder `user`; name ComfyUI's base directory")
    tenants = args.tenants or read_settings(os.environ.get(VARIABLE)).tenants_dir or os.path.join(base, "tenants")
    return Places(base, os.path.abspath(tenants))


def _carry_out(plan: Plan, args: argparse.Namespace, copy: bool, title: str) -> None:
    print(f"{title}: {len(plan.steps)} files, {plan.bytes} bytes to {'copy' if copy else 'move'}")
    for source, target in plan.steps[:_SHOWN]:
        print(f"  {source} -> {target}")
    if len(plan.steps) > _SHOWN:
        print(f"  and {len(plan.steps) - _SHOWN} more")
    for source, target in plan.kept:
        print(f"  stays: {source}, for {target} is there")
    for link in plan.links:
        print(f"  stays: {link}, for it is a link")
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
        print(f"{args.user} has nothing here")
    elif args.yes and not args.keep:
        if args.archive:
            migrate.archive(places, args.user, args.archive)
            print(f"archived to {args.archive}")
        migrate.delete(places, args.user)
        print("deleted")


_COMMANDS = {"adopt": _adopt, "leave": _leave, "remove": _remove, "import-funart": _import_funart}


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    try:
        _COMMANDS[args.command](args, _places(args))
    except (MigrationError, SettingsFault) as error:
        print(error, file=sys.stderr)
        return USAGE
    except OSError as error:
        print(f"{error}: make room or mend the rights, then run this again", file=sys.stderr)
        return UNAVAILABLE
    if not args.yes and not getattr(args, "keep", False):
        print("nothing was changed: add --yes to do it", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
