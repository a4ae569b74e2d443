import { expect, test } from 'vitest'
import { Timetable } from '../../src/schedule/timetable.ts'

const WARSAW = 'Europe/Warsaw'
const HAVANA = 'America/Havana'
const LORD_HOWE = 'Australia/Lord_Howe'

test.each([
  ['a list of hours, one in the gap', '30 2,14 * * *', WARSAW, '2027-03-28', ['01:00', '12:30']],
  ['a list of minutes, all in the gap', '15,45 2 * * *', WARSAW, '2027-03-28', ['01:00']],
  ['a range of hours with the gap in it', '0 1-3 * * *', WARSAW, '2027-03-28', ['00:00', '01:00', '23:00']],
  ['a list of hours, one doubled', '30 2,14 * * *', WARSAW, '2027-10-31', ['00:30', '13:30']],
  ['a range of hours, one doubled', '0 1-3 * * *', WARSAW, '2027-10-31', ['00:00', '02:00']],
  [
    'a list on either side of midnight, which does not exist',
    '45 0,23 * * *',
    HAVANA,
    '2027-03-14',
    ['04:45', '05:00'],
  ],
  ['half an hour of a list, doubled', '15,45 1 * * *', LORD_HOWE, '2027-04-03', ['14:15', '14:45']],
  [
    'a star in the hours, doubled',
    '30 * * * *',
    WARSAW,
    '2027-10-31',
    Array.from({ length: 24 }, (_, h) => `${pad(h)}:30`),
  ],
])('%s: %s in %s on %s of UTC', (_, expression, zone, day, ticks) => {
  const start = Date.parse(`${day}T00:00:00Z`)
  const found = new Timetable(expression, zone).between(new Date(start - 1), new Date(start + 86_400_000 - 1))
  expect(found.map((tick) => tick.toISOString())).toEqual(ticks.map((time) => `${day}T${time}:00.000Z`))
})

function pad(hour: number): string {
  return String(hour).padStart(2, '0')
}
