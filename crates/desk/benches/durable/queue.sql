-- A team's own queue: a thousand agents, each with five of fifty skills and two of ten languages, and a hundred thousand
-- tickets that wait.
CREATE TABLE agent (
  id int PRIMARY KEY,
  skills int[] NOT NULL,
  languages int[] NOT NULL,
  load int NOT NULL DEFAULT 0,
  capacity int NOT NULL DEFAULT 1000000,
  assigned timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
CREATE TABLE ticket (
  id bigserial PRIMARY KEY,
  skill int NOT NULL,
  language int NOT NULL,
  priority int NOT NULL DEFAULT 1,
  state text NOT NULL DEFAULT 'new',
  agent int,
  created timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE TABLE event (
  id bigserial PRIMARY KEY,
  ticket bigint NOT NULL,
  kind text NOT NULL,
  payload text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON event (ticket);
CREATE INDEX agent_skills ON agent USING gin (skills);
CREATE INDEX waiting ON ticket (skill, language, priority, id) WHERE state = 'waiting';

INSERT INTO agent (id, skills, languages)
SELECT n, ARRAY(SELECT (n / 10 + place * 10) % 50 FROM generate_series(0, 4) place), ARRAY[n % 10, (n + 1 + n / 10 % 9) % 10]
FROM generate_series(0, 999) n;
INSERT INTO ticket (skill, language, state, agent) SELECT n / 10 % 50, n % 10, 'done', n % 1000 FROM generate_series(0, 399999) n;
INSERT INTO ticket (skill, language, state) SELECT n / 10 % 50, n % 10, 'waiting' FROM generate_series(0, 99999) n;
ANALYZE;

-- The whole decision in one round trip.
CREATE FUNCTION push(wanted_skill int, wanted_language int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE new_ticket bigint; chosen int;
BEGIN
  INSERT INTO ticket (skill, language) VALUES (wanted_skill, wanted_language) RETURNING id INTO new_ticket;
  SELECT id INTO chosen FROM agent
  WHERE load < capacity AND skills @> ARRAY[wanted_skill] AND languages @> ARRAY[wanted_language]
  ORDER BY load, assigned LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF FOUND THEN
    UPDATE agent SET load = load + 1, assigned = clock_timestamp() WHERE id = chosen;
    UPDATE ticket SET agent = chosen, state = 'offered' WHERE id = new_ticket;
    INSERT INTO event (ticket, kind, payload) VALUES (new_ticket, 'offered', repeat('x', 180));
  END IF;
END $$;

-- An agent asks: the first of what he or she can do, pair by pair through the index.
CREATE FUNCTION pull(who int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE chosen bigint;
BEGIN
  SELECT ticket.id INTO chosen FROM agent
  CROSS JOIN LATERAL unnest(agent.skills) AS a(skill)
  CROSS JOIN LATERAL unnest(agent.languages) AS b(language)
  CROSS JOIN LATERAL (
    SELECT id, priority FROM ticket t
    WHERE t.state = 'waiting' AND t.skill = a.skill AND t.language = b.language
    ORDER BY t.priority, t.id LIMIT 1
  ) head
  JOIN ticket ON ticket.id = head.id
  WHERE agent.id = who
  ORDER BY head.priority, head.id LIMIT 1
  FOR UPDATE OF ticket SKIP LOCKED;
  IF FOUND THEN
    UPDATE ticket SET state = 'offered', agent = who WHERE id = chosen;
    UPDATE agent SET load = load + 1, assigned = clock_timestamp() WHERE id = who;
    INSERT INTO event (ticket, kind, payload) VALUES (chosen, 'offered', repeat('x', 180));
  END IF;
END $$;

-- Tandem's own decision by hand: tickets, their assignment and an event each, in bulk.
CREATE FUNCTION decide(count int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE first bigint;
BEGIN
  first := nextval('ticket_id_seq');
  PERFORM setval('ticket_id_seq', first + count);
  INSERT INTO ticket (id, skill, language) SELECT first + n, n / 10 % 50, n % 10 FROM generate_series(0, count - 1) n;
  UPDATE ticket SET agent = id % 1000, state = 'offered' WHERE id >= first AND id < first + count;
  INSERT INTO event (ticket, kind, payload) SELECT first + n, 'offered', repeat('x', 200) FROM generate_series(0, count - 1) n;
END $$;
