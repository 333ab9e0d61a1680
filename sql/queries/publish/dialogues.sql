-- what is left of a batch after quarantine, with the human seeker whose need each dialogue is about
select
    dialogues.play_key as dialogue_id,
    dialogues.scenario_id,
    dialogues.dialogue_id as source_dialogue_id,
    dialogues.target,
    dialogues.replicate,
    dialogues.engine,
    dialogues.n_turns,
    coalesce(splits.seeker_id, 'dialogue:' || dialogues.dialogue_id) as seeker_id
from validate.kept_members as members
inner join play.dialogues using (play_key)
left join profile.splits
    on splits.profile_key = dialogues.profile_key and splits.dialogue_id = dialogues.dialogue_id
where members.batch_key = $batch_key
order by dialogues.play_key
