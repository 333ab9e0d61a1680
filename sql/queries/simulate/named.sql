-- batches of a name in the order in which they were made
select
    batches.batch_key,
    batches.dataset
from simulate.batches
where batches.batch = $batch
    and ($dataset::text is null or batches.dataset = $dataset)
order by batches.rowid
