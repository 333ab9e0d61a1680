-- contexts whose item was named before are left out; a decoy's `named_id` is the item that the human recommender named in its place
with chosen as (
    select
        contexts.context_id,
        contexts.dialogue_id,
        contexts.turn_index,
        contexts.kind,
        contexts.stratum,
        contexts.item_id,
        contexts.need::text as need
    from profile.contexts
    where contexts.profile_key = $profile_key and contexts.split = $split and not contexts.history_leak
),
reactions as (
    select
        dialogue_id,
        turn_index,
        item_id as named_id
    from chosen
    where kind = 'reaction'
)
select
    chosen.context_id,
    chosen.dialogue_id,
    chosen.turn_index,
    chosen.kind,
    chosen.stratum,
    chosen.item_id,
    chosen.need,
    reactions.named_id
from chosen
left join reactions
    on chosen.dialogue_id = reactions.dialogue_id
    and chosen.turn_index = reactions.turn_index
    and chosen.kind = 'decoy'
order by chosen.dialogue_id, chosen.turn_index, chosen.kind, chosen.context_id
