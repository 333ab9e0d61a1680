-- what was said in the human dialogues behind a batch, each dialogue once
with
behind as (
    select distinct dialogues.dialogue_id
    from simulate.members
    inner join play.dialogues on members.play_key = dialogues.play_key
    where members.batch_key = $batch_key
)
select
    turns.dialogue_id,
    turns.role,
    turns.text
from ingest.turns
inner join behind on turns.dialogue_id = behind.dialogue_id
where turns.dataset = $dataset
order by turns.dialogue_id, turns.turn_index
