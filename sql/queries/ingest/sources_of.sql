-- the logs of a data set: digests of their files, in order
select distinct
    source_sha256,
    reader,
    licence
from ingest.sources
where dataset = $dataset
order by source_sha256
