with
wanted as (
    select distinct unnest($play_keys::text[]) as play_key
)
select
    turns.play_key,
    turns.turn_index,
    turns.role,
    turns.text,
    turns.item_ids,
    turns.ranked_ids,
    turns.n_ungrounded,
    turns.plan
from play.turns
inner join wanted using (play_key)
order by turns.play_key, turns.turn_index
