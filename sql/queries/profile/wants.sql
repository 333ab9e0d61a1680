select
    seekers.dialogue_id,
    dialogues.content_sha256,
    turns.role as opener,
    seekers.need::text as need,
    seekers.target
from profile.profiles
inner join profile.seekers on profiles.profile_key = seekers.profile_key
inner join ingest.dialogues on profiles.dataset = dialogues.dataset and seekers.dialogue_id = dialogues.dialogue_id
inner join ingest.turns
    on profiles.dataset = turns.dataset and seekers.dialogue_id = turns.dialogue_id and turns.turn_index = 0
where profiles.profile_key = $profile_key
    and seekers.split = $split
    and seekers.target is not null
    and not seekers.history_leak
order by seekers.dialogue_id
