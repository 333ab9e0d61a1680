select
    turns.play_key as dialogue_id,
    turns.turn_index,
    turns.role,
    turns.text,
    turns.item_ids,
    turns.ranked_ids
from validate.kept_members as members
inner join play.turns using (play_key)
where members.batch_key = $batch_key
order by turns.play_key, turns.turn_index
