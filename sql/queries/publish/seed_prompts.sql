-- the prompts that the searches which proposed the prompt of a batch began with, those of its own prompt setting first
select
    seeds.genome_digest
from optimize.candidates
inner join optimize.runs using (run_key)
inner join play.genomes on genomes.genome_digest = candidates.genome_digest
inner join optimize.candidates as seeds on seeds.run_key = runs.run_key and seeds.operator = 'seed'
where candidates.genome_digest = $genome_digest
    and runs.profile_key = $profile_key
group by seeds.genome_digest
order by bool_or(runs.setting = genomes.setting) desc, seeds.genome_digest
