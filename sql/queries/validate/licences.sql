with
batch as (
    select dataset
    from simulate.batches
    where batch_key = $batch_key
)
select sources.source_sha256, sources.licence
from batch
inner join ingest.sources using (dataset)
union
select dialogues.source_sha256, dialogues.licence
from batch
inner join ingest.dialogues using (dataset)
order by source_sha256, licence
