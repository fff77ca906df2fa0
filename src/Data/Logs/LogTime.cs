using System.Globalization;

namespace CaffeActors.Data.Logs;

/// <summary>
/// The time in a glog line's prefix, <c>LMMDD hh:mm:ss.uuuuuu</c> or, with the year, <c>Lyyyymmdd hh:mm:ss.uuuuuu</c>.
/// </summary>
/// <param name="HasYear">Whether the line tells the year.</param>
/// <param name="Time">The time; in the year that was asked for where the line tells none.</param>
internal readonly record struct LogTime(bool HasYear, DateTime Time)
{
    private const int ShortDateLength = 4;
    private const int LongDateLength = 8;

    /// <summary>Reads the time of a line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="year">The year where the line tells none.</param>
    /// <param name="time">The time read.</param>
    /// <returns>Whether the line begins with a time.</returns>
    public static bool TryParse(ReadOnlySpan<char> line, int year, out LogTime time)
    {
        time = default;
        line = line.Trim();
        int dateEnd = line.IndexOf(' ');
        if (dateEnd < 2)
            return false;
        ReadOnlySpan<char> date = line[1..dateEnd];
        ReadOnlySpan<char> clock = line[dateEnd..].TrimStart();
        int clockEnd = clock.IndexOf(' ');
        clock = clockEnd < 0 ? clock : clock[..clockEnd];
        bool hasYear = date.Length == LongDateLength;
        if ((!hasYear && date.Length != ShortDateLength) || (hasYear && !TryNumber(date[..^ShortDateLength], out year)))
            return false;
        if (!TryNumber(date[^ShortDateLength..^2], out int month) || !TryNumber(date[^2..], out int day)
            || year is < 1 or > 9999 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || !TimeSpan.TryParseExact(clock, @"hh\:mm\:ss\.ffffff", CultureInfo.InvariantCulture, out TimeSpan ofDay))
            return false;
        time = new(hasYear, new DateTime(year, month, day) + ofDay);
        return true;
    }

    /// <summary>Reads the time of a line that follows others: where lines tell no year, it steps where a month is less
    /// than the last.</summary>
    /// <param name="line">The line.</param>
    /// <param name="year">The year so far.</param>
    /// <param name="last">The time before; null: there is none.</param>
    /// <param name="time">The time read.</param>
    /// <returns>Whether the line begins with a time.</returns>
    public static bool TryFollow(ReadOnlySpan<char> line, ref int year, DateTime? last, out DateTime time)
    {
        bool isRead = TryParse(line, year, out LogTime read);
        if (isRead && !read.HasYear && read.Time.Month < last?.Month && TryParse(line, year + 1, out LogTime next))
            (year, read) = (year + 1, next);
        time = read.Time;
        return isRead;
    }

    private static bool TryNumber(ReadOnlySpan<char> digits, out int number) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
