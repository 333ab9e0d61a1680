-- seeker turns of the free runs played so far, per model; of those with the usual cap on turns, which no recommender's name says
select
    dialogues.model,
    count(*)::bigint as n,
    avg(ceil(dialogues.n_turns / 2))::double as seeker_turns
from play.dialogues
where
    dialogues.mode = 'free' and dialogues.status in ('complete', 'capped')
    and not regexp_matches(dialogues.recommender, '^[a-z_]+@[0-9]+\^')
group by dialogues.model
order by dialogues.model
