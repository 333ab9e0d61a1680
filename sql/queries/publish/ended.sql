-- the dialogues of a batch that came to an end and that no gate set aside, with the human dialogue and the seeker behind each
select
    dialogues.play_key as dialogue_id,
    dialogues.dialogue_id as source_id,
    coalesce(splits.seeker_id, 'dialogue:' || dialogues.dialogue_id) as seeker_id
from validate.kept_members as members
inner join play.dialogues using (play_key)
left join profile.splits
    on splits.profile_key = dialogues.profile_key and splits.dialogue_id = dialogues.dialogue_id
where members.batch_key = $batch_key
    and dialogues.status in ('complete', 'capped')
order by dialogues.play_key
