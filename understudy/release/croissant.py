"""The description of a release in Croissant 1.0 with the responsible-AI vocabulary, for search engines and loaders of data sets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from understudy.doors.releases import ListedFile
from understudy.release import words
from understudy.release.columns import COLUMNS, Column
from understudy.release.layout import MESSAGES, layout_of

# a list of objects in a column has no form that readers of Croissant 1.0 can take; what is said in it stands in `turns` as well
_TYPES = {"text": "sc:Text", "integer": "sc:Integer", "texts": "sc:Text"}
# what tells which release it is, and nothing about its content
_NAMING = ("name", "version", "citeAs")
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def text(manifest: Mapping[str, Any], files: Mapping[str, ListedFile]) -> str:
    """The description as JSON-LD; `files` are those beside it, by name."""
    parts = layout_of(manifest).parts
    whole = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": manifest["name"],
        "version": f"{manifest['version']}.0.0",
        "description": words.summary(manifest),
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "license": words.licence_url(manifest["licence"]),
        "citeAs": words.citation(manifest),
        "keywords": words.keywords(manifest),
        "inLanguage": list(manifest["languages"]),
        "isLiveDataset": False,
        "creator": {"@type": "sc:Organization", "name": "understudy"},
        **_responsible(manifest),
        "distribution": [_file(name, files[name]) for names in parts.values() for name in names] + [_lines(files)],
        "recordSet": [_records(table, name) for table, names in parts.items() for name in names],
    }
    return _written(whole)


def unnamed(description: str) -> str:
    """A description without the release's name and version: what the digest covers of it. One that `text` did not write is whole."""
    whole = json.loads(description)
    if _written(whole) != description:
        return description
    return _written({name: value for name, value in whole.items() if name not in _NAMING})


def _written(whole: Mapping[str, Any]) -> str:
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _responsible(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What the responsible-AI vocabulary asks, from the same words as the card."""
    return {
        "rai:dataCollection": words.how_made(manifest),
        "rai:dataCollectionType": ["Synthetic data generation" if not words.is_rehearsed(manifest) else "Software simulation"],
        "rai:dataUseCases": words.uses(manifest),
        "rai:dataLimitations": words.limits(manifest),
        "rai:dataBiases": words.biases(manifest),
        "rai:personalSensitiveInformation": words.personal(),
        "rai:dataReleaseMaintenancePlan": words.maintenance(),
    }


def _file(name: str, listed: ListedFile) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject", "@id": name, "name": name, "contentUrl": name, "contentSize": f"{listed['bytes']} B",
        "encodingFormat": "application/x-parquet", "sha256": listed["sha256"],
    }  # fmt: skip


def _lines(files: Mapping[str, ListedFile]) -> dict[str, Any]:
    return {**_file(MESSAGES, files[MESSAGES]), "encodingFormat": "application/jsonlines"}


def _records(table: str, name: str) -> dict[str, Any]:
    record = name.removesuffix(".parquet")
    return {"@type": "cr:RecordSet", "@id": record, "name": record, "field": list(_fields(table, record, name))}


def _fields(table: str, record: str, name: str) -> Iterator[dict[str, Any]]:
    for one in (column for column in COLUMNS[table] if column.kind in _TYPES):
        source = {"fileObject": {"@id": name}, "extract": {"column": one.name}}
        yield {
            "@type": "cr:Field", "@id": f"{record}/{one.name}", "name": f"{record}/{one.name}", "description": one.about,
            "dataType": _TYPES[one.kind], **_repeated(one), "source": source,
        }  # fmt: skip


def _repeated(one: Column) -> dict[str, bool]:
    return {"repeated": True} if one.kind == "texts" else {}
