-- whose turn stands at each context, what the same seeker said before it, and the recommender's turn that it answers
with said as (
    select
        turns.dialogue_id,
        turns.turn_index,
        turns.text
    from profile.profiles
    inner join profile.splits on profiles.profile_key = splits.profile_key
    inner join ingest.turns on profiles.dataset = turns.dataset and splits.dialogue_id = turns.dialogue_id
    where profiles.profile_key = $profile_key
        and splits.split = $split
        and turns.role = 'seeker'
        and turns.text <> ''
),
earlier as (
    select
        contexts.context_id,
        arg_max(said.text, said.turn_index) as previous
    from profile.contexts
    inner join said on contexts.dialogue_id = said.dialogue_id and contexts.turn_index > said.turn_index
    where contexts.profile_key = $profile_key and contexts.split = $split
    group by contexts.context_id
)
select
    contexts.context_id,
    contexts.dialogue_id,
    contexts.seeker_id,
    contexts.recommender_id,
    contexts.turn_index,
    coalesce(earlier.previous, '') as previous,
    coalesce(answered.text, '') as answered,
    named.item_id as named_id,
    contexts.item_id
from profile.profiles
inner join profile.contexts on profiles.profile_key = contexts.profile_key
left join earlier on contexts.context_id = earlier.context_id
left join ingest.turns as answered
    on profiles.dataset = answered.dataset
    and contexts.dialogue_id = answered.dialogue_id
    and contexts.turn_index - 1 = answered.turn_index
    and answered.role = 'recommender'
-- a decoy stands in the place of the item that the human recommender named
left join profile.contexts as named
    on contexts.kind = 'decoy'
    and named.kind = 'reaction'
    and contexts.profile_key = named.profile_key
    and contexts.dialogue_id = named.dialogue_id
    and contexts.turn_index = named.turn_index
where contexts.profile_key = $profile_key and contexts.split = $split
order by contexts.context_id
