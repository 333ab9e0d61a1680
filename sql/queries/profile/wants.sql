select
    seekers.dialogue_id,
    dialogues.content_sha256,
    seekers.need::text as need,
    seekers.target
from profile.profiles
inner join profile.seekers on profiles.profile_key = seekers.profile_key
inner join ingest.dialogues on profiles.dataset = dialogues.dataset and seekers.dialogue_id = dialogues.dialogue_id
where profiles.profile_key = $profile_key
    and seekers.split = $split
    and seekers.target is not null
    and not seekers.history_leak
order by seekers.dialogue_id
