select
    source_sha256,
    reader,
    n_dialogues
from ingest.sources
where dataset = $dataset and source_sha256 = $source_sha256
