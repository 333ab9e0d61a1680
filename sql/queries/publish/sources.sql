select
    source_sha256,
    reader,
    reader_version,
    licence,
    lends_text
from ingest.standing_sources
where dataset = $dataset
order by source_sha256
