-- one row per human dialogue of the profile, with what the suite `human_dialogues` looks at
with
borders as (
    select seeker_id, count(distinct split) as n_seeker_splits
    from profile.splits
    where profile_key = $profile_key
    group by seeker_id
)
select
    dialogues.dialogue_id,
    dialogues.licence,
    dialogues.n_messages,
    dialogues.n_turns,
    splits.split,
    borders.n_seeker_splits
from profile.profiles
inner join profile.splits using (profile_key)
inner join ingest.dialogues on dialogues.dataset = profiles.dataset and dialogues.dialogue_id = splits.dialogue_id
inner join borders on borders.seeker_id = splits.seeker_id
where profiles.profile_key = $profile_key
order by dialogues.dialogue_id
