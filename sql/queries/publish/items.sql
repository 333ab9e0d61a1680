-- the items that what is left of a batch names, ranks or aims at
with
kept as (
    select
        members.play_key,
        batches.dataset
    from simulate.batches
    inner join validate.kept_members as members using (batch_key)
    where batches.batch_key = $batch_key
),
named as (
    select
        kept.dataset,
        unnest(list_concat(turns.item_ids, turns.ranked_ids)) as item_id
    from kept
    inner join play.turns using (play_key)
    union
    select
        kept.dataset,
        dialogues.target as item_id
    from kept
    inner join play.dialogues using (play_key)
)
select
    items.item_id,
    items.title,
    items.year,
    items.genres
from named
inner join ingest.items using (dataset, item_id)
order by items.item_id
