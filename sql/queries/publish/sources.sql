select
    source_sha256,
    reader,
    reader_version,
    licence
from ingest.sources
where dataset = $dataset
order by source_sha256
