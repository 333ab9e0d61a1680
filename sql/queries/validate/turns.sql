-- one row per turn of the batch, with what the suite `synthetic_turns` looks at
with
spoken as (
    select
        batches.dataset,
        turns.play_key,
        turns.turn_index,
        turns.role,
        turns.text,
        turns.item_ids,
        turns.ranked_ids
    from simulate.batches
    inner join simulate.members using (batch_key)
    inner join play.turns using (play_key)
    where batches.batch_key = $batch_key
),
named as (
    select distinct
        dataset,
        play_key,
        turn_index,
        unnest(list_concat(item_ids, ranked_ids)) as item_id
    from spoken
),
strangers as (
    select distinct
        named.play_key,
        named.turn_index
    from named
    anti join ingest.items on items.dataset = named.dataset and items.item_id = named.item_id
)
select
    spoken.play_key,
    spoken.turn_index,
    spoken.role,
    spoken.text,
    spoken.item_ids,
    coalesce(lag(spoken.role) over dialogue <> spoken.role, true) as alternates,
    spoken.turn_index = row_number() over dialogue - 1 as in_order,
    strangers.play_key is null as items_known
from spoken
left join strangers on strangers.play_key = spoken.play_key and strangers.turn_index = spoken.turn_index
window dialogue as (partition by spoken.play_key order by spoken.turn_index)
order by spoken.play_key, spoken.turn_index
