select
    turns.play_key as dialogue_id,
    turns.turn_index,
    turns.role,
    turns.text,
    turns.item_ids,
    turns.ranked_ids
from simulate.members
inner join play.turns using (play_key)
left join validate.standing_quarantine as quarantine
    on quarantine.batch_key = members.batch_key and quarantine.play_key = members.play_key
where members.batch_key = $batch_key and quarantine.play_key is null
order by turns.play_key, turns.turn_index
