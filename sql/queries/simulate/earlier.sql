-- how many reports of earlier batches of the same data set there are, and of how many of them nobody recorded what they replayed
with this as (
    select
        rowid as place,
        dataset
    from simulate.batches
    where batch_key = $batch_key
),
recorded as (
    select distinct batch_key
    from simulate.panels
)
select
    count(*)::bigint as n_batches,
    (count(*) filter (where recorded.batch_key is null))::bigint as n_unrecorded
from this
inner join simulate.batches on this.dataset = batches.dataset and this.place > batches.rowid
inner join optimize.evaluations on batches.evaluation_key = evaluations.evaluation_key
left join recorded on batches.batch_key = recorded.batch_key
