select
    contexts.context_id,
    contexts.dialogue_id,
    contexts.seeker_id,
    contexts.recommender_id,
    contexts.stratum,
    contexts.item_id,
    answered.text as answered,
    turns.text
from profile.profiles
inner join profile.contexts on profiles.profile_key = contexts.profile_key
inner join ingest.turns
    on profiles.dataset = turns.dataset
    and contexts.dialogue_id = turns.dialogue_id
    and contexts.turn_index = turns.turn_index
inner join ingest.turns as answered
    on profiles.dataset = answered.dataset
    and contexts.dialogue_id = answered.dialogue_id
    and contexts.turn_index - 1 = answered.turn_index
where profiles.profile_key = $profile_key
    and contexts.split = $split
    and contexts.kind = 'reaction'
    and not contexts.history_leak
order by contexts.dialogue_id, contexts.turn_index, contexts.context_id
