      loop $for-loop|2
       local.get $5
       local.get $12
       i32.lt_u
       if
        local.get $14
        i32.const 2
        i32.add
        v128.load8x8_s align=1
        local.get $5
        v128.load
        local.tee $32
        i32x4.dot_i16x8_s
        local.get $14
        i32.const 10
        i32.add
        v128.load8x8_s align=1
        local.get $5
        v128.load offset=16
        local.tee $33
        i32x4.dot_i16x8_s
        i32x4.add
        local.get $14
        i32.const 18
        i32.add
        v128.load8x8_s align=1
        local.get $5
        v128.load offset=32
        local.tee $15
        i32x4.dot_i16x8_s
        local.get $14
        i32.const 26
        i32.add
        v128.load8x8_s align=1
        local.get $5
        v128.load offset=48
        local.tee $24
        i32x4.dot_i16x8_s
        i32x4.add
        i32x4.add
        local.tee $34
        local.get $20
        i32.const 2
        i32.add
        v128.load8x8_s align=1
        local.get $32
        i32x4.dot_i16x8_s
        local.get $20
        i32.const 10
        i32.add
        v128.load8x8_s align=1
        local.get $33
        i32x4.dot_i16x8_s
        i32x4.add
        local.get $20
        i32.const 18
        i32.add
        v128.load8x8_s align=1
        local.get $15
        i32x4.dot_i16x8_s
        local.get $20
        i32.const 26
        i32.add
        v128.load8x8_s align=1
        local.get $24
        i32x4.dot_i16x8_s
        i32x4.add
        i32x4.add
        local.tee $35
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.get $34
        local.get $35
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        i32x4.add
        local.tee $34
        local.get $21
        i32.const 2
        i32.add
        v128.load8x8_s align=1
        local.get $32
        i32x4.dot_i16x8_s
        local.get $21
        i32.const 10
        i32.add
        v128.load8x8_s align=1
        local.get $33
        i32x4.dot_i16x8_s
        i32x4.add
        local.get $21
        i32.const 18
        i32.add
        v128.load8x8_s align=1
        local.get $15
        i32x4.dot_i16x8_s
        local.get $21
        i32.const 26
        i32.add
        v128.load8x8_s align=1
        local.get $24
        i32x4.dot_i16x8_s
        i32x4.add
        i32x4.add
        local.tee $35
        local.get $22
        i32.const 2
        i32.add
        v128.load8x8_s align=1
        local.get $32
        i32x4.dot_i16x8_s
        local.get $22
        i32.const 10
        i32.add
        v128.load8x8_s align=1
        local.get $33
        i32x4.dot_i16x8_s
        i32x4.add
        local.get $22
        i32.const 18
        i32.add
        v128.load8x8_s align=1
        local.get $15
        i32x4.dot_i16x8_s
        local.get $22
        i32.const 26
        i32.add
        v128.load8x8_s align=1
        local.get $24
        i32x4.dot_i16x8_s
        i32x4.add
        i32x4.add
        local.tee $36
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.get $35
        local.get $36
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        i32x4.add
        local.tee $35
        i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
        local.get $34
        local.get $35
        i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
        i32x4.add
        f32x4.convert_i32x4_s
        local.get $7
        v128.load32_splat
        local.tee $34
        f32x4.mul
        local.get $22
        local.get $21
        local.get $20
        local.get $14
        v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
        v128.load16_lane 1
        v128.load16_lane 3
        v128.load16_lane 5
        v128.load16_lane 7
        i32.const 3
        i32x4.shr_s
        i32.const 1104
        v128.load32_splat
        local.tee $35
        v128.and
        i32.const 1108
        v128.load32_splat
        local.tee $36
        f32x4.mul
        local.get $25
        f32x4.relaxed_madd
        local.set $25
        local.get $14
        i32.const 34
        i32.add
        local.set $14
        local.get $20
        i32.const 34
        i32.add
        local.set $20
        local.get $21
        i32.const 34
        i32.add
        local.set $21
        local.get $22
        i32.const 34
        i32.add
        local.set $22
        local.get $23
        i32.const 2
        i32.add
        v128.load8x8_s align=1
        local.get $32
        i32x4.dot_i16x8_s
        local.get $23
        i32.const 10
        i32.add
        v128.load8x8_s align=1
        local.get $33
        i32x4.dot_i16x8_s
        i32x4.add
        local.get $23
        i32.const 18
        i32.add
        v128.load8x8_s align=1
        local.get $15
        i32x4.dot_i16x8_s
        local.get $23
        i32.const 26
        i32.add
        v128.load8x8_s align=1
        local.get $24
        i32x4.dot_i16x8_s
        i32x4.add
        i32x4.add
        local.tee $37
        local.get $3
        i32.const 2
        i32.add
        v128.load8x8_s align=1
        local.get $32
        i32x4.dot_i16x8_s
        local.get $3
        i32.const 10
        i32.add
        v128.load8x8_s align=1
        local.get $33
        i32x4.dot_i16x8_s
        i32x4.add
        local.get $3
        i32.const 18
        i32.add
        v128.load8x8_s align=1
        local.get $15
        i32x4.dot_i16x8_s
        local.get $3
        i32.const 26
        i32.add
        v128.load8x8_s align=1
        local.get $24
        i32x4.dot_i16x8_s
        i32x4.add
        i32x4.add
        local.tee $38
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.get $37
        local.get $38
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        i32x4.add
        local.tee $37
        local.get $2
        i32.const 2
        i32.add
        v128.load8x8_s align=1
        local.get $32
        i32x4.dot_i16x8_s
        local.get $2
        i32.const 10
        i32.add
        v128.load8x8_s align=1
        local.get $33
        i32x4.dot_i16x8_s
        i32x4.add
        local.get $2
        i32.const 18
        i32.add
        v128.load8x8_s align=1
        local.get $15
        i32x4.dot_i16x8_s
        local.get $2
        i32.const 26
        i32.add
        v128.load8x8_s align=1
        local.get $24
        i32x4.dot_i16x8_s
        i32x4.add
        i32x4.add
        local.tee $38
        local.get $0
        i32.const 2
        i32.add
        v128.load8x8_s align=1
        local.get $32
        i32x4.dot_i16x8_s
        local.get $0
        i32.const 10
        i32.add
        v128.load8x8_s align=1
        local.get $33
        i32x4.dot_i16x8_s
        i32x4.add
        local.get $0
        i32.const 18
        i32.add
        v128.load8x8_s align=1
        local.get $15
        i32x4.dot_i16x8_s
        local.get $0
        i32.const 26
        i32.add
        v128.load8x8_s align=1
        local.get $24
        i32x4.dot_i16x8_s
        i32x4.add
        i32x4.add
        local.tee $15
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.get $38
        local.get $15
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        i32x4.add
        local.tee $15
        i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
        local.get $37
        local.get $15
        i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
        i32x4.add
        f32x4.convert_i32x4_s
        local.get $34
        f32x4.mul
        local.get $0
        local.get $2
        local.get $3
        local.get $23
        v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
        v128.load16_lane 1
        v128.load16_lane 3
        v128.load16_lane 5
        v128.load16_lane 7
        i32.const 3
        i32x4.shr_s
        local.get $35
        v128.and
        local.get $36
        f32x4.mul
        local.get $26
        f32x4.relaxed_madd
        local.set $26
        local.get $23
        i32.const 34
        i32.add
        local.set $23
        local.get $3
        i32.const 34
        i32.add
        local.set $3
        local.get $2
        i32.const 34
        i32.add
        local.set $2
        local.get $0
        i32.const 34
        i32.add
        local.set $0
        local.get $7
        i32.const 4
        i32.add
        local.set $7
        local.get $30
        i32.const 8
        i32.add
        local.set $30
        local.get $31
        i32.const 4
        i32.add
        local.set $31
        local.get $5
        i32.const -64
        i32.sub
        local.set $5
        br $for-loop|2
       end
      end
