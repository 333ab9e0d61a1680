-- every seeker turn that has words, with the same seeker's turn before it
with said as (
    select
        turns.dialogue_id,
        splits.seeker_id,
        dialogues.recommender_id,
        turns.turn_index,
        turns.text
    from profile.profiles
    inner join profile.splits on profiles.profile_key = splits.profile_key
    inner join ingest.dialogues on profiles.dataset = dialogues.dataset and splits.dialogue_id = dialogues.dialogue_id
    inner join ingest.turns on profiles.dataset = turns.dataset and splits.dialogue_id = turns.dialogue_id
    where profiles.profile_key = $profile_key
        and splits.split = $split
        and turns.role = 'seeker'
        and turns.text <> ''
)
select
    dialogue_id,
    seeker_id,
    recommender_id,
    turn_index,
    coalesce(lag(text) over (partition by dialogue_id order by turn_index), '') as previous,
    text
from said
order by dialogue_id, turn_index
