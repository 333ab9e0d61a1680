-- dialogues that are in test only because their seeker is in the official test split
select count(*)::bigint as n
from profile.profiles
inner join profile.splits on profiles.profile_key = splits.profile_key
inner join ingest.dialogues on profiles.dataset = dialogues.dataset and splits.dialogue_id = dialogues.dialogue_id
where profiles.profile_key = $profile_key
    and profiles.has_official_split
    and splits.split = 'test'
    and dialogues.official_split is distinct from 'test'
