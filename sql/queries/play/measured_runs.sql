-- seeker turns of the free runs played so far, and replies asked for once more for each of them (null where that was not counted), per
-- model; of those with the usual cap on turns, which no recommender's name says
select
    dialogues.model,
    count(*)::bigint as n,
    avg(ceil(dialogues.n_turns / 2))::double as seeker_turns,
    (
        sum(list_sum(json_extract(dialogues.asked_again, '$.*')::integer[])) filter (where dialogues.asked_again is not null)
        / nullif(sum(ceil(dialogues.n_turns / 2)) filter (where dialogues.asked_again is not null), 0)
    )::double as asked_again
from play.dialogues
where
    dialogues.mode = 'free' and dialogues.status in ('complete', 'capped')
    and not regexp_matches(dialogues.recommender, '^[a-z_]+@[0-9]+\^')
group by dialogues.model
order by dialogues.model
