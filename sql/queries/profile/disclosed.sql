-- which kinds of wishes seekers tell, in how many dialogues, and at which turn on average (turns of both speakers, from 0)
with told as (
    select
        dialogue_id,
        unnest(json_extract(disclosed, '$[*]')) as wish
    from profile.seekers
    where profile_key = $profile_key
),
wishes as (
    select
        dialogue_id,
        wish ->> '$[1]' as kind,
        (wish ->> '$[0]')::integer as turn_index
    from told
)
select
    kind,
    count(*)::bigint as n,
    count(distinct dialogue_id)::bigint as n_dialogues,
    avg(turn_index) as mean_turn_index,
    median(turn_index) as median_turn_index
from wishes
group by kind
order by kind
