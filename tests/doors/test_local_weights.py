"""Local weights: found by their name, read for what they say of themselves, known by their digest, refused with what to do."""

from __future__ import annotations

import hashlib
import os
import struct
from pathlib import Path

import pytest

from tests.doors.gguf import TEMPLATE, gguf
from understudy.doors.local import digests, memory, packaged, weights
from understudy.doors.local.cores import n_cores
from understudy.doors.local.header import read_header
from understudy.doors.local.naming import is_keyed, keyed, reported, sha256_in
from understudy.doors.local.servers import context_of
from understudy.errors import BadInput
from understudy.names import shown_model
from understudy.parameters import LocalServing, Models

SHA = "ab" * 32
DEFAULT = LocalServing()


def test_a_header_says_name_quantization_context_template_and_size(tmp_path: Path) -> None:
    path = gguf(tmp_path / "any.gguf")
    header = read_header(path)
    assert (header.name, header.quantization, header.licence) == ("tiny-1M", "Q4_K_M", "apache-2.0")
    assert (header.context, header.chat_template) == (8192, TEMPLATE)
    assert header.n_bytes == path.stat().st_size
    # two layers, two of four heads of 16 values, keys and values
    assert header.kv_bytes_a_token(2.0) == 2 * 2 * (16 + 16) * 2


def test_names_of_files_that_say_little_are_read_too(tmp_path: Path) -> None:
    without = ["general.basename", "general.size_label", "general.file_type", "llama.context_length", "llama.block_count"]
    header = read_header(gguf(tmp_path / "any.gguf", without=without))
    assert (header.name, header.quantization, header.context) == ("Tiny-Instruct-v1", "unknown", None)
    assert header.kv_bytes_a_token(2.0) is None


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"PK\x03\x04 a zip file", "is no GGUF file: it begins with b'PK"),
        (b"", "is no GGUF file"),
        (b"GGUF" + struct.pack("<I", 99), "version 99"),
        (b"GGUF" + struct.pack("<IQ", 3, 1), "is cut short: it ends within its header"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1), "cannot be right: 1,152,921,504,606,846,976 tensors"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 1, 1, 1 << 40), "cannot be right: 1,099,511,627,776 bytes of a text"),
    ],
)
def test_a_file_that_is_none_is_refused_with_what_was_seen(tmp_path: Path, content: bytes, seen: str) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(content)
    with pytest.raises(BadInput) as refused:
        weights.find(f"local/{path}")
    assert seen in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize("n_missing", [1, 1000, 1040])
def test_a_file_that_is_cut_short_is_refused_before_it_is_loaded(tmp_path: Path, n_missing: int) -> None:
    path = gguf(tmp_path / "cut.gguf", n_missing=n_missing)
    with pytest.raises(BadInput, match="is cut short"):
        read_header(path)


def test_a_base_model_is_refused_unless_a_template_is_given(tmp_path: Path) -> None:
    found = weights.find(f"local/{gguf(tmp_path / 'base.gguf', without=['tokenizer.chat_template'])}")
    with pytest.raises(BadInput, match="has no chat template: it is a base model") as refused:
        weights.require_servable(found, has_template=False)
    assert "--chat-template" in refused.value.hint
    weights.require_servable(found, has_template=True)


def test_one_part_of_several_is_refused(tmp_path: Path) -> None:
    found = weights.find(f"local/{gguf(tmp_path / 'part.gguf', split__count=3)}")
    with pytest.raises(BadInput, match="one of 3 parts"):
        weights.require_servable(found, has_template=False)


def test_a_name_that_is_nowhere_is_refused_with_what_is_there(tmp_path: Path) -> None:
    gguf(tmp_path / "one.gguf")
    with pytest.raises(BadInput, match=r"holds one\.gguf") as refused:
        weights.find(f"local/{tmp_path}/other.gguf")
    assert "local/smollm2" in refused.value.hint
    with pytest.raises(BadInput, match="there is no local model 'local/smolm'"):
        weights.find("local/smolm")
    with pytest.raises(BadInput, match="does not name a file of the hub"):
        weights.find("local/hf:somebody/model.gguf")


def test_without_the_extra_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = gguf(tmp_path / "any.gguf")
    monkeypatch.setattr(weights, "ENGINE", "no_such_engine")
    with pytest.raises(BadInput, match=r"xllamacpp, which serves .*, is not installed") as refused:
        weights.require_before(f"local/{path}", has_template=False)
    assert "make install-local" in refused.value.hint
    monkeypatch.setattr(packaged, "PACKAGED", {"none": packaged.PackagedModel("no-such-package", "a/b.gguf", "MIT")})
    with pytest.raises(BadInput, match="no-such-package") as missing:
        packaged.packaged_file("none")
    assert "make install-local" in missing.value.hint


def test_a_digest_is_kept_and_computed_anew_when_the_file_changes(tmp_path: Path) -> None:
    path, cache = gguf(tmp_path / "any.gguf"), tmp_path / "cache"
    first = digests.sha256_of(path, cache=cache)
    assert first == hashlib.sha256(path.read_bytes()).hexdigest()
    [kept] = (cache / "weights").iterdir()
    kept.write_text(kept.read_text().replace(first, SHA))
    assert digests.sha256_of(path, cache=cache) == SHA
    # the same size and the same time of the last change, but not the same content
    before = path.stat()
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert digests.sha256_of(path, cache=cache) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_cache_that_cannot_be_read_or_written_is_done_without(tmp_path: Path) -> None:
    path, cache = gguf(tmp_path / "any.gguf"), tmp_path / "cache"
    digest = digests.sha256_of(path, cache=cache)
    [kept] = (cache / "weights").iterdir()
    kept.write_text("[1]")
    assert digests.sha256_of(path, cache=cache) == digest
    (tmp_path / "file").write_text("")
    assert digests.sha256_of(path, cache=tmp_path / "file") == digest


def test_the_name_in_keys_is_decided_by_what_decides_the_answers(tmp_path: Path) -> None:
    header = read_header(gguf(tmp_path / "any.gguf"))
    plain = keyed(header, SHA, LocalServing())
    assert plain == f"local/tiny-1M.Q4_K_M@{SHA}"
    given = (LocalServing(kv_type="q8_0"), LocalServing(chat_template="x"), LocalServing(seeker_side="user"))
    others = [keyed(header, SHA, one) for one in given]
    assert len({plain, *others}) == 4
    assert all(map(is_keyed, [plain, *others]))
    assert shown_model(f"{plain}^200~2") == f"local/tiny-1M.Q4_K_M@{SHA[:12]}^200~2"
    assert reported(plain) == f"tiny-1M.Q4_K_M@{SHA[:12]}"
    assert shown_model("openai/gpt-4o") == "openai/gpt-4o"
    moved = tmp_path / "elsewhere" / "renamed.gguf"
    moved.parent.mkdir()
    (tmp_path / "any.gguf").rename(moved)
    assert keyed(read_header(moved), SHA, LocalServing()) == plain


def test_every_local_model_that_may_be_asked_is_looked_for(tmp_path: Path) -> None:
    one, other = (f"local/{gguf(tmp_path / name)}" for name in ("one.gguf", "other.gguf"))
    models = Models(seeker=one, critic="openai/x", fallbacks={"critic": (other,)})
    assert list(weights.weights_of(models)) == [one, other]
    names = models.renamed({one: "a", other: "b"})
    assert (names.seeker, names.critic, names.judge, names.fallbacks) == ("a", "openai/x", None, {"critic": ("b",)})


def test_models_are_the_same_wherever_their_weights_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    one, other = (gguf(tmp_path / name) for name in ("one.gguf", "other.gguf"))
    changed = gguf(tmp_path / "changed.gguf", general__name="Tiny Instruct v2")
    names = [weights.named_in_keys(Models(seeker=f"local/{path}")).named()[0] for path in (one, other, changed)]
    assert names[0] == names[1] != names[2]
    assert sha256_in(names[0]) == hashlib.sha256(one.read_bytes()).hexdigest()
    assert weights.named_in_keys(Models()) == Models()


def test_a_model_that_does_not_fit_is_refused_with_what_it_needs(tmp_path: Path) -> None:
    header = read_header(gguf(tmp_path / "any.gguf"))
    needed = memory.needed_bytes(header, DEFAULT, n_weights=1 << 30, context=4096)
    assert needed > (1 << 30) + 4096 * 256
    with pytest.raises(BadInput, match=r"needs about .* MB of memory") as refused:
        memory.require_memory(header, DEFAULT, n_weights=1 << 30, context=4096, available=needed - 1)
    assert "--kv-type" in refused.value.hint
    memory.require_memory(header, DEFAULT, n_weights=1 << 30, context=4096, available=needed)
    memory.require_memory(header, DEFAULT, n_weights=1 << 30, context=4096, available=None)
    small = memory.needed_bytes(header, LocalServing(kv_type="q4_0"), n_weights=1 << 30, context=4096)
    large = memory.needed_bytes(header, LocalServing(n_slots=4), n_weights=1 << 30, context=4096)
    assert small < needed < large


def test_memory_is_what_the_machine_and_the_container_leave(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:    5000 kB\n")
    assert memory.available_bytes(tmp_path / "meminfo", tmp_path) == 5000 << 10
    for name, text in (("memory.max", "4000000\n"), ("memory.current", "3000000\n"), ("memory.stat", "anon 1\ninactive_file 500000\n")):
        (tmp_path / name).write_text(text)
    assert memory.available_bytes(tmp_path / "meminfo", tmp_path) == 1_500_000
    assert memory.available_bytes(tmp_path / "none", tmp_path / "none") is None


def test_threads_are_the_physical_cores_that_may_be_used(tmp_path: Path) -> None:
    block = "processor : {0}\nphysical id\t: 0\ncore id\t\t: {1}\n"
    (tmp_path / "cpuinfo").write_text("\n".join(block.format(at, 0) for at in range(2)))
    (tmp_path / "max").write_text("100000 100000\n")
    assert n_cores(tmp_path / "cpuinfo", tmp_path / "none") == 1
    assert n_cores(tmp_path / "none", tmp_path / "max") == 1
    assert n_cores(tmp_path / "none", tmp_path / "none") >= 1


def test_the_context_is_asked_for_or_that_of_the_model(tmp_path: Path) -> None:
    long, brief = (weights.find(f"local/{gguf(tmp_path / f'{n}.gguf', llama__context_length=n)}") for n in (8192, 2048))
    assert [context_of(one, None) for one in (long, brief)] == [4096, 2048]
    assert context_of(long, 8192) == 8192
    with pytest.raises(BadInput, match="more than the context of tiny-1M, which is 2048 tokens"):
        context_of(brief, 4096)


def test_a_model_by_its_digest_needs_a_recording_and_then_no_file(tmp_path: Path) -> None:
    name = f"local/Some.Q4_0@{'a' * 64}"
    with pytest.raises(BadInput, match="by their digest"):
        weights.named_in_keys(Models(seeker=name))
    assert weights.named_in_keys(Models(seeker=name, recording=tmp_path)).seeker == name
