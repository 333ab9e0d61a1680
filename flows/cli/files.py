"""What a command that reads files says of them: how many were seen, read and skipped, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from understudy.readers import FileCounts


def print_files(console: Console, fields: FileCounts) -> None:
    """One line with the numbers, and one for each reason for which files were skipped."""
    n_skipped = fields["n_files"] - fields["files_read"]
    console.print(f"  files: {fields['n_files']} seen, {fields['files_read']} read, {n_skipped} skipped")
    for reason, n in fields["files_skipped"].items():
        console.print(f"  skipped {n}: {reason}", markup=False)
    if fields["skipped_files"]:
        more = " …" if n_skipped > len(fields["skipped_files"]) else ""
        console.print(f"  skipped files: {', '.join(fields['skipped_files'])}{more}", markup=False)
