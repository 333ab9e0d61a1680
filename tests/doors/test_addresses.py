"""Addresses of stores: a file, a folder, a database of PostgreSQL; a password in one is refused and never repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy.addresses import LakeAddress, PostgresCatalogue, lake_of, place_of, shown
from understudy.errors import BadInput
from understudy.parameters import RunOptions

SECRET = "hunter2"
BASE = LakeAddress(Path("/shared/lake"), PostgresCatalogue("db.example", 5433, "stores", "ada"))


@pytest.mark.parametrize("name", ["understudy.duckdb", "/a/b.duckdb", "ducklake.duckdb"])
def test_a_file_is_no_lake(name: str) -> None:
    assert (lake_of(name), place_of(name), shown(name)) == (None, Path(name), name)


def test_a_folder_is_a_lake_and_what_lies_beside_a_store_lies_in_it() -> None:
    assert lake_of("ducklake:some/lake") == LakeAddress(Path("some/lake"))
    assert place_of("ducklake:some/lake").parent == Path("some/lake")
    assert shown(Path("ducklake:some/lake")) == "ducklake:some/lake"


@pytest.mark.parametrize("kind", ["postgres", "postgresql"])
def test_a_database_is_read_also_where_a_path_has_dropped_a_slash(kind: str) -> None:
    written = f"ducklake:{kind}://ada@db.example:5433/stores?folder=/shared/lake"
    assert lake_of(written) == lake_of(Path(written)) == BASE
    assert lake_of(shown(Path(written))) == BASE


def test_the_folder_and_the_port_of_a_database_need_not_be_given() -> None:
    catalogue = PostgresCatalogue("db.example", 5432, "stores", None)
    assert lake_of("ducklake:postgres://db.example/stores") == LakeAddress(Path("stores.lake"), catalogue)


def test_what_libpq_reads_is_quoted() -> None:
    assert PostgresCatalogue("h", 1, "it's a \\", None).keywords == "host='h' port='1' dbname='it\\'s a \\\\'"


@pytest.mark.parametrize(
    "address",
    [f"ducklake:postgres://ada:{SECRET}@db.example/stores", f"ducklake:postgres://db.example/stores?password={SECRET}",
     f"ducklake:postgres://ada:{SECRET}@db.example:port/stores?unknown=1", f"ducklake:mysql://ada:{SECRET}@db.example/stores"],
)  # fmt: skip
def test_a_password_is_refused_and_not_repeated(address: str) -> None:
    for read in (lake_of, place_of, shown, lambda one: RunOptions(store=Path(one))):
        with pytest.raises(BadInput) as seen:
            read(address)
        assert SECRET not in f"{seen.value.message} {seen.value.hint}"


@pytest.mark.parametrize(
    ("address", "told"),
    [("ducklake:", "names no folder"), ("ducklake:mysql://h/d", "mysql: is not known"), ("ducklake:postgres://h", "no host or no database"),
     ("ducklake:postgres:///stores", "no host or no database"), ("ducklake:postgres://h:x/d", "port that is no number"),
     ("ducklake:postgres://h/d?sslmode=require", "unknown part sslmode=")],
)  # fmt: skip
def test_an_address_that_cannot_be_read_says_what_is_wrong(address: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        lake_of(address)
