-- what the report of a batch replays, by stratum (dialogues replayed whole as `behaviour`), and how much of it the report of an
-- earlier batch of the same data set has replayed too
with this as (
    select
        rowid as place,
        batch_key,
        dataset,
        profile_key
    from simulate.batches
    where batch_key = $batch_key
),
earlier as (
    select distinct
        panels.kind,
        panels.piece
    from this
    inner join simulate.batches on this.dataset = batches.dataset and this.place > batches.rowid
    inner join simulate.reports on batches.batch_key = reports.batch_key
    inner join simulate.panels on batches.batch_key = panels.batch_key
    where panels.kind <> 'free'
),
replayed as (
    select
        coalesce(contexts.stratum, panels.kind) as stratum,
        earlier.piece is not null as is_shared
    from this
    inner join simulate.panels on this.batch_key = panels.batch_key
    left join earlier on panels.kind = earlier.kind and panels.piece = earlier.piece
    left join profile.contexts
        on this.profile_key = contexts.profile_key and panels.kind = 'reaction' and panels.piece = contexts.context_id
    where panels.kind <> 'free'
)
select
    stratum,
    count(*)::bigint as n,
    (count(*) filter (where is_shared))::bigint as n_shared
from replayed
group by stratum
order by stratum
