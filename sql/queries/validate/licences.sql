-- the licences behind a batch: of the sources and the dialogues whose text may be in what is played
with
batch as (
    select dataset
    from simulate.batches
    where batch_key = $batch_key
)
select sources.source_sha256, sources.licence
from batch
inner join ingest.standing_sources as sources using (dataset)
where sources.lends_text
union
select lending.source_sha256, lending.licence
from batch
inner join ingest.lending_dialogues as lending using (dataset)
order by source_sha256, licence
