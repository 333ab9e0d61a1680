-- likes and dislikes among the ratings of a data set, by item and half of the users; what lies between the bounds is neither
with last_ratings as (
    select
        user_id,
        item_id,
        value
    from ingest.last_ratings
    where dataset = $dataset
),
scale as (
    select max(value) as highest
    from last_ratings
),
judged as (
    select
        item_id,
        (md5_number_lower(user_id) % 2)::integer as half,
        value >= $liked_from as liked
    from last_ratings
    where value >= $liked_from or value <= $disliked_to
)
select
    judged.item_id,
    judged.half,
    (count(*) filter (where judged.liked))::bigint as n_liked,
    count(*)::bigint as n_judged,
    any_value(scale.highest) as highest
from judged, scale
group by judged.item_id, judged.half
order by judged.item_id, judged.half
