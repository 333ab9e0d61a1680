with
played as (
    select
        count(*) filter (where candidates.status = 'ok') as n_evaluations,
        count(*) filter (where candidates.status = 'rejected') as n_rejected,
        coalesce(sum(candidates.n_critic_tokens), 0) as n_critic_tokens
    from optimize.candidates
    where candidates.run_key = $run_key
),
asked as (
    select coalesce(sum(commissions.n_shortened), 0) as n_evidence_left_out
    from optimize.commissions
    where commissions.run_key = $run_key
),
spent as (
    select
        coalesce(sum(generations.n_dialogues), 0) as n_dialogues
    from optimize.generations
    where generations.run_key = $run_key
)
select
    played.n_evaluations::bigint as n_evaluations,
    played.n_rejected::bigint as n_rejected,
    played.n_critic_tokens::bigint as n_critic_tokens,
    spent.n_dialogues::bigint as n_dialogues,
    asked.n_evidence_left_out::bigint as n_evidence_left_out
from played, spent, asked
