-- what the candidates of each generation scored on the panel that most of them share; first laps of races are no measurements.
-- A prompt with two evaluations on one panel (another recommender, an older instrument) is left out: which one the run saw is not told
with
run as (
    select run_key, profile_key, model
    from optimize.runs
    where run_key = $run_key
),
seen as (
    select
        candidates.generation,
        candidates.genome_digest,
        evaluations.panel_key,
        evaluations.evaluation_key,
        evaluations.objectives,
        evaluations.n_dialogues,
        evaluations.n_tokens
    from run
    inner join optimize.candidates on run.run_key = candidates.run_key
    inner join optimize.evaluations
        on candidates.genome_digest = evaluations.genome_digest
        and run.profile_key = evaluations.profile_key
        and run.model = evaluations.model
        and evaluations.split = 'search'
    anti join optimize.races on evaluations.evaluation_key = races.evaluation_key
    where candidates.status = 'ok'
),
panels as (
    select
        generation,
        panel_key,
        row_number() over (partition by generation order by count(distinct genome_digest) desc, panel_key) as place
    from seen
    group by generation, panel_key
)
select
    seen.generation,
    seen.genome_digest,
    seen.objectives,
    seen.n_dialogues,
    seen.n_tokens
from seen
inner join panels using (generation, panel_key)
where panels.place = 1
qualify count(*) over (partition by seen.generation, seen.genome_digest) = 1
order by seen.generation, seen.genome_digest
