-- one row per turn of the batch, with what the suite `synthetic_turns` looks at
with
catalogue as (
    select list(items.item_id) as item_ids
    from simulate.batches
    inner join ingest.items using (dataset)
    where batches.batch_key = $batch_key
),
spoken as (
    select
        turns.play_key,
        turns.turn_index,
        turns.role,
        turns.text,
        turns.item_ids,
        turns.ranked_ids
    from simulate.members
    inner join play.turns using (play_key)
    where members.batch_key = $batch_key
)
select
    spoken.play_key,
    spoken.turn_index,
    spoken.role,
    spoken.text,
    spoken.item_ids,
    coalesce(lag(spoken.role) over dialogue <> spoken.role, true) as alternates,
    spoken.turn_index = row_number() over dialogue - 1 as in_order,
    list_has_all(coalesce(catalogue.item_ids, []), list_concat(spoken.item_ids, spoken.ranked_ids)) as items_known
from spoken, catalogue
window dialogue as (partition by spoken.play_key order by spoken.turn_index)
order by spoken.play_key, spoken.turn_index
