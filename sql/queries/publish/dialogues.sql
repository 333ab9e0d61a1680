-- what is left of a batch after quarantine
select
    dialogues.play_key as dialogue_id,
    dialogues.scenario_id,
    dialogues.dialogue_id as source_dialogue_id,
    dialogues.target,
    dialogues.replicate,
    dialogues.engine,
    dialogues.n_turns
from simulate.members
inner join play.dialogues using (play_key)
left join validate.quarantine
    on quarantine.batch_key = members.batch_key and quarantine.play_key = members.play_key
where members.batch_key = $batch_key and quarantine.play_key is null
order by dialogues.play_key
