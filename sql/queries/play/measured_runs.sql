-- seeker turns of the free runs played so far, per model
select
    dialogues.model,
    count(*)::bigint as n,
    avg(ceil(dialogues.n_turns / 2))::double as seeker_turns
from play.dialogues
where dialogues.mode = 'free' and dialogues.status in ('complete', 'capped')
group by dialogues.model
order by dialogues.model
