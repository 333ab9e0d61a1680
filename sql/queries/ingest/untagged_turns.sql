-- turns of logs that do not say which items they name
select
    turns.dialogue_id,
    turns.turn_index,
    turns.text
from ingest.turns
inner join ingest.dialogues using (dataset, dialogue_id)
where turns.dataset = $dataset and not dialogues.is_tagged
order by turns.dialogue_id, turns.turn_index
